// Package translate turns requests of one protocol into another's, and the answers back: protocols.md, section I. It is
// pure: bytes in, bytes out. A request is read into a conversation and written out of it; an answer is read by a decoder and
// written by an encoder. Texts, arguments, schemas and pictures are never decoded: they go over as they were written.
//
// What cannot be said in the other protocol is a *provider.Fault with status 400 that names the field. A field of the
// request that nobody here knows is one too; a member that is not known further inside is left out. What is left out or
// changed on purpose is this:
//
//	from                to         field                                         what becomes of it
//	chat, completions   any        logprobs, top_logprobs, logit_bias,           left out
//	                               service_tier, store, metadata, prediction,
//	                               verbosity, prompt_cache_*, image_url.detail,
//	                               messages[].name, tools[].function.strict
//	chat, completions   anthropic  stop: sequences of white space only           left out
//	chat                any        tool_choice allowed_tools                     the other tools are left out
//	chat                any        system and developer messages in the midst    stand in front with the others
//	chat                any        arguments that are no JSON object             {"INVALID_JSON": "…"}, as Anthropic advises
//	chat                any        a conversation that the user does not begin   "." stands for what the user said
//	chat                any        reasoning_content                             left out; see below for signed thoughts
//	completions         any        max_tokens, when it is not there              what the other protocol takes for it
//	chat, completions   anthropic  seed, frequency_penalty, presence_penalty     left out
//	chat, completions   anthropic  temperature above 1                           1
//	chat, completions   anthropic  temperature, top_p from Claude 4.7 on         left out: it would refuse them
//	chat, completions   anthropic  temperature, top_p below 0.95, with thinking  left out
//	chat, completions   anthropic  top_p beside temperature                      left out
//	chat, completions   anthropic  user, safety_identifier                       metadata.user_id when it looks like a hash
//	                                                                             or number (16 to 256 letters and digits)
//	chat                anthropic  reasoning_effort, on a model that does not    left out
//	                               think; on one with a budget also where a
//	                               tool is forced, fewer than 2048 tokens are
//	                               allowed, or the thoughts before the last
//	                               calls were not sent back
//	chat                anthropic  response_format json_object                   an instruction
//	chat                anthropic  texts of white space only                     left out
//	chat, completions   gemini     user, safety_identifier, cache_control,       left out
//	                               parallel_tool_calls false
//	chat                gemini     reasoning_effort, before Gemini 2.5           left out
//	anthropic           any        cache_control, context_management,            left out
//	                               compaction, service_tier, speed, fallbacks,
//	                               fallback_credit_token, diagnostics,
//	                               anthropic_version, anthropic_beta, betas,
//	                               output_config.task_budget, citations,
//	                               document.context, tools[].strict and what
//	                               else is in them besides name, description
//	                               and input_schema
//	anthropic           any        metadata.user_id                              its session is responses' prompt_cache_key
//	anthropic           any        system that is x-anthropic-billing-header     left out: it differs in every request
//	anthropic           any        thoughts with another vendor's signature,     left out
//	                               redacted_thinking, server_tool_use and
//	                               the results of such tools
//	anthropic           any        tool_reference                                its name, as text; all tools are there
//	anthropic           chat       top_k                                         left out
//	anthropic           chat       temperature, top_p, on models that reason     left out: they would refuse them
//	anthropic           chat       thinking, output_config.effort, on models     left out
//	                               that are not known to reason
//	anthropic           chat       tool_result.is_error                          "Error: " in front of the text
//	anthropic           chat       pictures and files in a tool_result           in a user message behind the tool messages
//	anthropic           responses  max_tokens, temperature, top_p, top_k         left out: Codex refuses them
//	anthropic           responses  tool_result.is_error                          "Error: " in front of the text
//	anthropic           gemini     the text of Gemini's own thoughts             left out; their signatures go back
//	anthropic           gemini     disable_parallel_tool_use                     left out
//	anthropic           gemini     role system in the midst                      stands in front with the others
//	answers             anthropic  citations, blocks of tools Anthropic runs     left out
//	answers             gemini     grounding, citations, signatures of texts     left out
//	answers             responses  annotations; web searches                     left out; the searches are counted
//	answers to anthropic           the model that answered                       the one that was asked for: Claude Code
//	                                                                             drops the thoughts of any other
//	answers to anthropic           arguments that are no JSON object, when it    {"INVALID_JSON": "…"}
//	                               does not stream
//	answers to chat                pictures                                      message.images, as other gateways do
//	answers to anthropic           pictures                                      a note in their place
//	answers to completions         thoughts, calls, pictures                     left out
//
// # Thoughts
//
// A thought can only be taken up again by its vendor, with its signature. Nothing is stored here, so it travels by way of
// the client: in chats as reasoning_details (Claude's) and extra_content of the call (Gemini's, where Google has it too);
// in Messages as the signature of a thinking block, marked with whose it is. A client that drops them loses the thought and
// nothing else: Claude is then not sent it, Gemini gets the word that Google has for that.
//
// # Ids
//
// The id of a call goes through the client unchanged, so that the upstream sees its own again. Where the client's protocol
// does not allow it, it is wrapped in base64. Gemini's schemas go as parametersJsonSchema, which needs no cleaning.
package translate
