package simulator_test

import (
	"slices"
	"strings"
	"time"

	"crs/lab/simulator"
)

func conversations() []recorded {
	return slices.Concat(
		anthropicConversations(), faultConversations(), openAIConversations(), codexConversations(), azureConversations(),
		droidConversations(), geminiConversations(), assistConversations(), bedrockConversations(), loginConversations(), vertexConversations(),
	)
}

// in are several requests that differ in their body only.
func in(head string, bodies ...string) []string {
	var all []string
	for _, b := range bodies {
		all = append(all, head+"\n\n"+b)
	}
	return all
}

// again is a request as often as a script has steps.
func again(request string, script string) []string {
	return slices.Repeat([]string{request}, 1+strings.Count(script, ","))
}

const (
	claudeHead = "POST /v1/messages\nx-api-key: sk-a\nanthropic-version: 2023-06-01"
	claudeSays = `{"model":"claude-sonnet-5","max_tokens":64,"messages":[{"role":"user","content":"first"},{"role":"assistant","content":"x"},{"role":"user","content":[{"type":"text","text":"tell <me> & \"more\""},{"type":"image","source":{"type":"base64","media_type":"image/png","data":"AAAA"}}]}]}`
	claudeFlow = `{"model":"claude-sonnet-5","max_tokens":64,"stream":true,"messages":[{"role":"user","content":"say ping"}]}`
	claudeMay  = "anthropic-beta: oauth-2025-04-20\nanthropic-version: 2023-06-01"

	claudeErrors = "400,400(credit),400(long),401,402,403,403(banned),404,409,413,422,429,429(5h),429(7d,reset=30m),429(7d_oi),429(opus),429(sonnet),429(unified),429(bare),429(extra),429(spend,retry=5s),500,503,504,529,408,424"
	gptErrors    = "400,400(long),400(encrypted),400(previous),400(invalid_prompt),400(cyber_policy),401,401(deactivated),402,403,403(model),403(html),404,404(model),409,413,422,429,429(requests,reset=3m),429(quota),500,503,503(capacity),503(slow_down,retry=1500ms),504,529,408"
	codexErrors  = "400,400(model),401,401(invalidated),402,403,404,429,429(5h),429(7d,reset=30m),429(usage_not_included),429(rate),500,503"
	azureErrors  = "400,400(content_filter),401,403,404,404(deployment),429,429(requests,retry=7s),500,503,529"
	geminiErrors = "400,400(key),400(long),400(location),401,403,403(validation),403(scopes),403(service),403(leaked),404,429,429(minute),429(day,retry=3s),429(rate),429(quota,reset=2h),429(credits),429(capacity),499,500,503,504,529"
	amazonErrors = "400,400(quota),400(ondemand),400(long),403,403(expired),403(unknown),403(signature),404,408,424,424(stream),429,429(tokens),429(day,retry=2s),429(ready),500,503,529,413"
)

func anthropicConversations() []recorded {
	login := func(s *simulator.Server) {
		s.AddOAuth("sk-ant-oat01-a", "sk-ant-ort01-a", time.Date(2026, 11, 30, 13, 0, 0, 0, time.UTC))
		s.AddOAuth("sk-ant-oat01-setup", "", time.Date(2026, 11, 30, 13, 0, 0, 0, time.UTC))
	}
	const bearer = "\nAuthorization: Bearer sk-ant-oat01-a\n" + claudeMay
	const challenge = "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU" // of an empty verifier
	return []recorded{
		{name: "claude whole", requests: in(claudeHead, claudeSays, strings.Replace(claudeFlow, `"stream":true,`, "", 1), `{"model":"m","max_tokens":1,"messages":[{"role":"assistant","content":"x"}]}`)},
		{name: "claude stream", requests: in(claudeHead, claudeFlow)},
		{name: "claude tool", script: "loop:ok(thinking,tool)", requests: in(claudeHead, claudeSays, claudeFlow)},
		{name: "claude text", script: `loop:ok(text="a \"quote\" – <b>\n\t",input=1,output=2,cache_read=0,cache_write=4,cache_write_1h=5,events=3)`, requests: in(claudeHead, claudeSays, claudeFlow)},
		{name: "claude size", script: "loop:ok(size=100)", requests: in(claudeHead, claudeSays)},
		{name: "claude refuses", requests: in(claudeHead, "", "{", `{"a":1}x`, "[]", `{}`, `{"model":7}`, `{"model":"m"}`, `{"model":"m","max_tokens":"9"}`, `{"model":"m","max_tokens":9}`, `{"model":"m","max_tokens":9,"messages":{}}`, `{"model":"m","max_tokens":9,"messages":[]}`)},
		{name: "claude callers", requests: []string{
			"POST /v1/messages\n\n{}", "POST /v1/messages\nx-api-key: sk-a\n\n{}", "POST /v1/messages\nx-api-key: bad\n\n{}", "POST /v1/messages\nAuthorization: Bearer bad\n\n{}",
			"POST /v1/messages\nx-api-key: sk-ant-oat01-a\n\n{}", "POST /v1/messages\nAuthorization: Bearer sk-ant-oat01-a\n\n{}", "GET /v1/messages\n", "HEAD /\n", "GET /v1/other\n",
		}},
		{name: "claude besides", requests: slices.Concat(
			in(strings.Replace(claudeHead, "messages", "messages/count_tokens", 1), claudeSays, `{"model":"m","messages":[{}],"metadata":{}}`),
			[]string{"GET /v1/models\nx-api-key: sk-a\nanthropic-version: 2023-06-01\n"})},
		{name: "claude errors", script: claudeErrors, requests: again(claudeHead+"\n\n"+claudeFlow, claudeErrors)},
		{name: "claude login", prepare: login, script: "ok,ok(5h=0.97,7d=0.5),ok(7d=0.95),401,429(5h)", requests: slices.Concat(
			slices.Repeat([]string{"POST /v1/messages" + bearer + "\n\n" + claudeSays}, 5),
			[]string{
				"GET /api/oauth/profile" + bearer + "\n", "GET /api/oauth/usage" + bearer + "\n", "GET /api/oauth/claude_cli/roles" + bearer + "\n",
				"GET /api/oauth/profile\nAuthorization: Bearer sk-ant-oat01-setup\n", "GET /api/oauth/usage\nAuthorization: Bearer sk-ant-oat01-setup\n", "GET /api/oauth/profile\nx-api-key: k\n",
				"POST /v1/messages\nAuthorization: Bearer sk-ant-oat01-x\n" + claudeMay + "\n\n" + claudeSays,
			},
			in("POST /v1/oauth/token", "x", `{"grant_type":"password"}`, `{"grant_type":"refresh_token"}`, `{"grant_type":"refresh_token","refresh_token":"no","client_id":"c"}`,
				`{"grant_type":"refresh_token","refresh_token":"sk-ant-ort01-a","client_id":"c"}`, `{"grant_type":"refresh_token","refresh_token":"sk-ant-ort01-a","client_id":"c"}`, `{"grant_type":7}`))},
		{name: "claude browser", requests: slices.Concat(
			[]string{
				"GET /oauth/authorize?code=true&client_id=c\n",
				"GET /oauth/authorize?code=true&client_id=c&redirect_uri=http%3A%2F%2Fx&scope=user:profile+user:inference&state=s&code_challenge=" + challenge + "&code_challenge_method=S256&response_type=code\n",
				"GET /oauth/authorize?code=true&client_id=c&redirect_uri=http%3A%2F%2Fx&scope=user:inference&state=s&code_challenge=" + challenge + "&code_challenge_method=S256&response_type=code&sim=deny\n",
			},
			in("POST /v1/oauth/token", `{"grant_type":"authorization_code"}`,
				`{"grant_type":"authorization_code","code":"sim000000000001","client_id":"c","redirect_uri":"http://x","code_verifier":"v","state":"s"}`,
				`{"grant_type":"authorization_code","code":"sim000000000001","client_id":"c","redirect_uri":"http://x","code_verifier":"v","state":"s","expires_in":9}`))},
	}
}

func faultConversations() []recorded {
	const whole = "slow(1ms),stall(for=1ms),cut,cut(after=0),refuse,error,error(rate_limit_error),huge(100),crlf,garbage,garbage(json),garbage(html),nolength,empty,badcrc"
	const flow = "slow(1ms),stall(after=2,for=1ms),cut,cut(after=0),cut(after=3),refuse,error,error(rate_limit_error,after=2),error(strange),huge(100),crlf,garbage,garbage(json),garbage(html),nolength,empty,badcrc"
	return []recorded{
		{name: "faults whole", script: whole, requests: again(claudeHead+"\n\n"+claudeSays, whole)},
		{name: "faults stream", script: flow, requests: again(claudeHead+"\n\n"+claudeFlow, flow)},
	}
}

const (
	gptHead = "\nAuthorization: Bearer sk-a"
	gptAsks = `{"model":"gpt-5.5","input":[{"role":"user","content":[{"type":"input_text","text":"hello there"}]}],"store":false`
	gptMore = `,"include":["reasoning.encrypted_content"],"metadata":{"a": [1,` + "\n" + `2]},"service_tier":"priority","max_output_tokens":7,"tools":[{"type":"function","name":"f"}]`
	gptChat = `{"model":"gpt-5.5","messages":[{"role":"system","content":"s"},{"role":"user","content":"hello there"}]`
)

func openAIConversations() []recorded {
	const broken = "error,error(event,rate_limit_exceeded),error(flat,slow_down),error(event,after=2),error(after=1),error(strange,after=2)"
	const form = "--b\r\nContent-Disposition: form-data; name=\"prompt\"\r\n\r\nx\r\n--b\r\nContent-Disposition: form-data; name=\"n\"\r\n\r\n2\r\n--b--\r\n"
	return []recorded{
		{name: "responses whole", requests: in("POST /v1/responses"+gptHead, gptAsks+"}", gptAsks+gptMore+"}", `{"model":"m","input":"ping"}`)},
		{name: "responses stream", requests: in("POST /v1/responses"+gptHead, gptAsks+`,"stream":true}`)},
		{name: "responses tool", script: "loop:ok(thinking,tool,events=2)", requests: in("POST /v1/responses"+gptHead, gptAsks+"}", gptAsks+gptMore+`,"stream":true}`)},
		{name: "responses refuses", requests: slices.Concat(
			in("POST /v1/responses"+gptHead, "", "[", `{}`, `{"model":7}`, `{"model":"m"}`, `{"model":"m","input":7}`),
			in("POST /v1/chat/completions"+gptHead, `{"model":"m"}`, `{"model":"m","messages":"x"}`, `{"model":"m","messages":[]}`),
			[]string{"POST /v1/responses\n\n{}", "POST /v1/responses\nAuthorization: Bearer bad\n\n{}"})},
		{name: "responses broken", script: broken, requests: again("POST /v1/responses"+gptHead+"\n\n"+gptAsks+`,"stream":true}`, broken)},
		{name: "chat", script: "loop:ok(events=3)", requests: in("POST /v1/chat/completions"+gptHead, gptChat+"}", gptChat+`,"stream":true}`, gptChat+`,"service_tier":"flex","stream":true,"stream_options":{"include_usage":true}}`)},
		{name: "chat tool", script: "loop:ok(thinking,tool,reasoning=3)", requests: in("POST /v1/chat/completions"+gptHead, gptChat+"}", gptChat+`,"stream":true}`)},
		{name: "chat broken", script: "error(after=2),error,error(after=1)", requests: slices.Concat(
			in("POST /v1/chat/completions"+gptHead, gptChat+`,"stream":true}`, gptChat+"}"), in("POST /v1/images/generations"+gptHead, `{"prompt":"x","stream":true}`))},
		{name: "completions", requests: in("POST /v1/completions"+gptHead, `{"model":"m","prompt":"hi"}`, `{"model":"m","prompt":["hi"],"stream":true,"stream_options":{"include_usage":true}}`)},
		{name: "embeddings", requests: in("POST /v1/embeddings"+gptHead, `{"model":"m","input":["a","b"],"dimensions":3}`, `{"model":"m","input":[1,2],"dimensions":5,"encoding_format":"base64"}`)},
		{name: "pictures", requests: slices.Concat(
			in("POST /v1/images/generations"+gptHead, `{"prompt":"x"}`, `{"model":"p","prompt":"x","n":3}`, `{"prompt":"x","stream":true}`, `{}`, `{"model":7}`),
			in("POST /v1/images/edits"+gptHead+"\nContent-Type: multipart/form-data; boundary=b", form))},
		{name: "compact and models", requests: slices.Concat(in("POST /v1/responses/compact"+gptHead, gptAsks+"}"), []string{"GET /v1/models" + gptHead + "\n"})},
		{name: "gpt errors", script: gptErrors, requests: again("POST /v1/responses"+gptHead+"\n\n"+gptAsks+"}", gptErrors)},
	}
}

func codexConversations() []recorded {
	login := func(s *simulator.Server) {
		s.AddLogin(simulator.OpenAI, simulator.Login{Access: "at", Refresh: "rt", Owner: simulator.Owner{Account: "acct", Plan: "pro"}})
	}
	const path, flow = "POST /backend-api/codex/responses", `,"stream":true}`
	return []recorded{
		{name: "codex", script: "ok,ok(5h=0.5,7d=0.75)", requests: in(path+gptHead, gptAsks+flow, gptAsks+flow)},
		{name: "codex refuses", requests: slices.Concat(
			in(path+gptHead, "{", `{"model":"m","input":"x","store":false,"stream":true}`, `{"model":"m","input":[],"stream":true}`, `{"model":"m","input":[],"store":false}`, `{"model":"m","input":[],"temperature":1}`),
			in("POST /backend-api/codex/responses/compact"+gptHead, gptAsks+"}", `{"model":"m","input":[{"role":"user","content":"x"}]}`),
			[]string{path + "\n\n{}", path + "\nAuthorization: Bearer bad\n\n{}"})},
		{name: "codex login", prepare: login, requests: []string{
			path + "\nAuthorization: Bearer at\n\n" + gptAsks + flow, path + "\nAuthorization: Bearer other\n\n" + gptAsks + flow,
			path + "\nAuthorization: Bearer at\nchatgpt-account-id: acct\n\n{}", "GET /backend-api/codex/models\nAuthorization: Bearer at\nchatgpt-account-id: acct\n",
			"GET /backend-api/wham/usage\nAuthorization: Bearer at\nchatgpt-account-id: acct\n",
		}},
		{name: "codex errors", script: codexErrors, requests: again(path+gptHead+"\n\n"+gptAsks+flow, codexErrors)},
		{name: "codex broken", script: "error(after=1)", requests: in(path+gptHead, gptAsks+flow)},
	}
}

func azureConversations() []recorded {
	const deployed = "POST /openai/deployments/my-gpt/chat/completions?api-version=1\napi-key: k"
	return []recorded{
		{name: "azure", script: "loop:ok(events=2,tool)", requests: slices.Concat(
			in(deployed, gptChat+"}", gptChat+`,"stream":true,"stream_options":{"include_usage":true}}`, `{"messages":7}`, `{`),
			in("POST /openai/deployments/a%20b/completions?api-version=1\napi-key: k", `{"prompt":"x"}`, `{"prompt":"x","stream":true}`),
			in("POST /openai/deployments/e/embeddings?api-version=1\napi-key: k", `{"input":"x","dimensions":2}`),
			in("POST /openai/v1/embeddings\napi-key: k", `{"model":"e","input":"x","dimensions":2}`),
			in("POST /openai/v1/chat/completions\nAuthorization: Bearer k", gptChat+"}"),
			in("POST /openai/responses?api-version=1\napi-key: k", gptAsks+"}"),
			in("POST /openai/responses\napi-key: k", gptAsks+"}"),
			[]string{"POST /openai/v1/responses\n\n{}", "POST /openai/v1/responses\napi-key: bad\n\n{}"})},
		{name: "azure errors", script: azureErrors, requests: again(deployed+"\n\n"+gptChat+"}", azureErrors)},
		{name: "azure broken", script: "error(after=1)", requests: in(deployed, gptChat+`,"stream":true}`)},
	}
}

func droidConversations() []recorded {
	const who = "\nAuthorization: Bearer fk-a\nx-factory-client: cli\nx-session-id: s\nanthropic-version: 2023-06-01\nx-api-provider: "
	return []recorded{
		{name: "droid", requests: slices.Concat(
			in("POST /api/llm/a/v1/messages"+who+"anthropic", claudeSays, claudeFlow, "{}"),
			in("POST /api/llm/a/v1/messages/count_tokens"+who+"anthropic", claudeSays),
			in("POST /api/llm/a/v1/messages"+who+"openai", claudeSays),
			in("POST /api/llm/o/v1/responses"+who+"azure_openai", gptAsks+"}", `{"model":"x-max","input":[]}`),
			in("POST /api/llm/o/v1/chat/completions"+who+"fireworks", `{"model":"glm-5","messages":[{"role":"user","content":"x"}],"stream":true}`, gptChat+"}"),
			[]string{
				"GET /api/cli/org\nAuthorization: Bearer fk-a\nx-factory-client: cli\n", "GET /api/cli/org\nAuthorization: Bearer fk-a\n",
				"POST /api/llm/a/v1/messages\n\n{}", "POST /api/llm/a/v1/messages\nAuthorization: Bearer fk-bad\n\n{}", "POST /api/llm/a/v1/messages\nAuthorization: Bearer fk-a\nx-factory-client: cli\n\n{}",
			})},
		{name: "droid errors", script: "401,402,403,429,529,error(after=1)", requests: slices.Concat(
			slices.Repeat(in("POST /api/llm/a/v1/messages"+who+"anthropic", claudeFlow), 4), slices.Repeat(in("POST /api/llm/o/v1/responses"+who+"azure_openai", gptAsks+`,"stream":true}`), 2))},
		{name: "droid login", prepare: func(s *simulator.Server) {
			s.AddLogin(simulator.WorkOS, simulator.Login{Access: "wa", Refresh: "wr", Owner: simulator.Owner{Organization: "org_1"}})
		}, requests: []string{"GET /api/cli/org\nAuthorization: Bearer wa\nx-factory-client: cli\n", "GET /api/cli/org\nAuthorization: Bearer wx\nx-factory-client: cli\n"}},
	}
}

const (
	geminiPath = "POST /v1beta/models/gemini-2.5-pro:"
	geminiKey  = "\nx-goog-api-key: k"
	geminiSays = `{"contents":[{"role":"user","parts":[{"text":"a"}]},{"role":"model","parts":[{"text":"b"}]},{"parts":[{"text":"hello"},{"inlineData":{"mimeType":"image/png","data":"AAAA"}}]}],"generationConfig":{"temperature":1}}`
)

func geminiConversations() []recorded {
	const broken = "error,error(after=2),error(RESOURCE_EXHAUSTED,after=1),error(strange,after=1)"
	const flow = geminiPath + "streamGenerateContent?alt=sse" + geminiKey
	return []recorded{
		{name: "gemini", script: "loop:ok(events=2)", requests: slices.Concat(in(geminiPath+"generateContent"+geminiKey, geminiSays), in(flow, geminiSays), in(geminiPath+"streamGenerateContent"+geminiKey, geminiSays))},
		{name: "gemini tool", script: "loop:ok(thinking,tool,events=2)", requests: slices.Concat(in(geminiPath+"generateContent"+geminiKey, geminiSays), in(flow, geminiSays))},
		{name: "gemini besides", requests: slices.Concat(
			in(geminiPath+"countTokens"+geminiKey, geminiSays, `{"generateContentRequest":{"model":"m","contents":[{"parts":[{"text":"x"}]}]}}`, `{}`),
			in(geminiPath+"embedContent"+geminiKey, `{"content":{"parts":[]}}`, `{}`, `{`),
			in(geminiPath+"batchEmbedContents"+geminiKey, `{"requests":[{"content":{}},{"content":{}}]}`, `{"requests":[{"content":{}},{}]}`),
			[]string{"GET /v1beta/models" + geminiKey + "\n", "GET /v1beta/models/gemini-2.5-pro" + geminiKey + "\n", "GET /v1beta/models/other?key=k\n", "GET /v1beta/what" + geminiKey + "\n", "POST /v1/models/a%22b:generateContent?key=k%20x\n\n" + geminiSays})},
		{name: "gemini refuses", requests: slices.Concat(
			in(geminiPath+"generateContent"+geminiKey, "", "{", `{"content":1,"contents":[{}]}`, `{"contents":{}}`, `{"contents":[1]}`, `{"contents":[]}`, `{"contents":[{"role":"system"}]}`),
			in(geminiPath+"streamGenerateContent"+geminiKey, `{}`),
			[]string{geminiPath + "generateContent\n\n{}", geminiPath + "generateContent\nx-goog-api-key: bad\n\n{}"})},
		{name: "gemini errors", script: geminiErrors, requests: again(geminiPath+"generateContent"+geminiKey+"\n\n"+geminiSays, geminiErrors)},
		{name: "gemini broken", script: broken, requests: again(flow+"\n\n"+geminiSays, broken)},
		{name: "gemini broken list", script: broken, requests: again(geminiPath+"streamGenerateContent"+geminiKey+"\n\n"+geminiSays, broken)},
	}
}

func assistConversations() []recorded {
	const path, who = "POST /v1internal:", "\nAuthorization: Bearer ya29.a"
	const says = `{"model":"models/gemini-2.5-pro","project":"p","user_prompt_id":"u","request":{"contents":[{"role":"user","parts":[{"text":"hello"}]}],"session_id":"s"}}`
	login := func(s *simulator.Server) {
		s.AddLogin(simulator.Google, simulator.Login{Access: "ya29.a", Refresh: "1//a", Owner: simulator.Owner{Project: "p", New: true, Plan: "standard-tier"}})
	}
	return []recorded{
		{name: "assist", script: "loop:ok(events=2)", requests: slices.Concat(
			in(path+"generateContent"+who, says, `{}`, `{"request":{}}`, `{"model":"m","request":{}}`, `{"model":7}`, `{"model":"m","project":"p","request":{"contents":[{}],"x":1}}`),
			in(path+"streamGenerateContent?alt=sse"+who, says), in(path+"streamGenerateContent"+who, says), in(path+"countTokens"+who, `{"request":{"model":"models/m","contents":[{}]}}`),
			[]string{
				path + "retrieveUserQuota" + who + "\n\n{}", path + "listExperiments" + who + "\n\n{}", "GET /v1internal:getCodeAssistGlobalUserSetting" + who + "\n", path + "recordCodeAssistMetrics" + who + "\n\n{}",
				path + "what" + who + "\n\n{}", path + "generateContent\n\n{}", path + "generateContent\nAuthorization: Bearer bad\n\n{}",
			})},
		{name: "assist onboards", prepare: login, requests: slices.Concat(
			in(path+"loadCodeAssist"+who, "{}"), in(path+"generateContent"+who, says), []string{"GET /v1internal/operations/onboarding-simulated" + who + "\n"},
			in(path+"onboardUser"+who, "x", "{}", `{"tierId":"free-tier","cloudaicompanionProject":"p"}`, `{"tierId":"standard-tier"}`, `{"tierId":"standard-tier","cloudaicompanionProject":"p"}`),
			[]string{"GET /v1internal/operations/onboarding-simulated" + who + "\n"}, in(path+"loadCodeAssist"+who, "{}"), in(path+"generateContent"+who, says))},
	}
}

func bedrockConversations() []recorded {
	const model, who = "POST /model/us.anthropic.claude-sonnet-4-5-20250929-v1%3A0/", "\nAuthorization: Bearer k"
	const says = `{"anthropic_version":"bedrock-2023-05-31","max_tokens":9,"messages":[{"role":"user","content":"hi"}]`
	const broken = "error,error(rate_limit_error,after=1),error(strange),cut(after=2),badcrc(after=1),crlf(events=1)"
	return []recorded{
		{name: "bedrock", script: "loop:ok(thinking,tool)", requests: slices.Concat(
			in(model+"invoke"+who, says+"}", says+`,"anthropic_beta":["computer-use-1"]}`), in(model+"invoke-with-response-stream"+who, says+"}"),
			in(model+"count-tokens"+who, `{"input":{"invokeModel":{"body":"eyJhbnRocm9waWNfdmVyc2lvbiI6ImJlZHJvY2stMjAyMy0wNS0zMSIsIm1heF90b2tlbnMiOjksIm1lc3NhZ2VzIjpbe31dfQ=="}}}`, `{}`, `x`))},
		{name: "bedrock refuses", requests: slices.Concat(
			in(model+"invoke"+who, "{", "{}", `{"anthropic_version":"x"}`, says+`,"model":"m"}`, says+`,"anthropic_beta":["x"]}`, says+`,"anthropic_beta":7}`, `{"anthropic_version":"bedrock-2023-05-31"}`,
				`{"anthropic_version":"bedrock-2023-05-31","max_tokens":9,"messages":[]}`, says+`,"system":[{"cache_control":{"type":"ephemeral","scope":"x"}}]}`, says+`,"tools":[{"input_schema":{"cache_control":{"scope":1}}}]}`),
			[]string{
				"POST /model/gpt/invoke" + who + "\n\n{}", "POST /model/a/what" + who + "\n\n{}", "GET /model/a/invoke" + who + "\n", model + "invoke\n\n{}", model + "invoke\nAuthorization: Bearer bad\n\n{}",
				model + "invoke\nAuthorization: Basic x\n\n{}", model + "invoke\nAuthorization: AWS4-HMAC-SHA256 Credential=a/20261130/us-east-1/bedrock/aws4_request\n\n{}",
			})},
		{name: "bedrock errors", script: amazonErrors, requests: again(model+"invoke"+who+"\n\n"+says+"}", amazonErrors)},
		{name: "bedrock broken", script: broken, requests: again(model+"invoke-with-response-stream"+who+"\n\n"+says+"}", broken)},
	}
}

func loginConversations() []recorded {
	const json, form = "\nContent-Type: application/json", "\nContent-Type: application/x-www-form-urlencoded"
	const asks = "client_id=c&scope=openid&state=s&code_challenge=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU&code_challenge_method=S256&response_type=code&redirect_uri="
	known := func(s *simulator.Server) {
		s.AddLogin(simulator.OpenAI, simulator.Login{Access: "at", Refresh: "rt_a"})
		s.AddLogin(simulator.Google, simulator.Login{Access: "ya29.a", Refresh: "1//a"})
		s.AddLogin(simulator.WorkOS, simulator.Login{Access: "wa", Refresh: "wr"})
	}
	return []recorded{
		{name: "login openai", prepare: known, requests: slices.Concat(
			in("POST /oauth/token"+json, "x", `{"grant_type":"x"}`, `{"grant_type":"refresh_token"}`, `{"grant_type":"refresh_token","refresh_token":"rt_a","client_id":"c"}`, `{"grant_type":"refresh_token","refresh_token":"rt_a","client_id":"c"}`, `{"grant_type":"refresh_token","refresh_token":"rt_a","client_id":"c"}`, `{"grant_type":"refresh_token","refresh_token":"rt_x","client_id":"c"}`, `{"grant_type":"authorization_code"}`),
			in("POST /oauth/token"+form, "grant_type=authorization_code&code=x&client_id=c&redirect_uri=u&code_verifier=v"),
			[]string{"GET /oauth/authorize?" + asks + "http%3A%2F%2Flocalhost%3A1%2Fcb\n", "GET /oauth/authorize?" + asks + "http%3A%2F%2Fevil\n", "GET /oauth/authorize?" + asks + "http%3A%2F%2Flocalhost&sim=deny\n", "GET /oauth/authorize?x=y\n"},
			in("POST /api/accounts/deviceauth/usercode"+json, `{}`, `{"client_id":"c"}`),
			in("POST /api/accounts/deviceauth/token"+json, `{}`, `{"device_auth_id":"x","user_code":"y"}`, `{"device_auth_id":"deviceauth_sim000000000003","user_code":"SIMO-0003"}`),
			[]string{"POST /_sim/approve\n\n{\"user_code\":\"SIMO-0003\"}", "POST /_sim/approve\n\n{}", "POST /_sim/deny\n\n{\"user_code\":\"none\"}"},
			in("POST /api/accounts/deviceauth/token"+json, `{"device_auth_id":"deviceauth_sim000000000003","user_code":"SIMO-0003"}`),
			[]string{"GET /codex/device\n", "GET /device?user_code=a%3Cb\n"})},
		{name: "login google", prepare: known, requests: slices.Concat(
			in("POST /token"+form, "", "client_id=c", "client_id=c&client_secret=bad", "client_id=c&client_secret=s&grant_type=x", "client_id=c&client_secret=s&grant_type=refresh_token&refresh_token=1//a", "client_id=c&client_secret=s&grant_type=refresh_token&refresh_token=no", "client_id=c&client_secret=s&grant_type=authorization_code&code=x"),
			in("POST /token"+json, "{}"), in("POST /tokeninfo"+form, "access_token=ya29.a", "access_token=no"),
			[]string{"GET /oauth2/v2/userinfo\nAuthorization: Bearer ya29.a\n", "GET /oauth2/v2/userinfo\n", "GET /o/oauth2/v2/auth?access_type=offline&" + asks + "http%3A%2F%2Fx\n", "GET /o/oauth2/v2/auth?x\n"})},
		{name: "login workos", prepare: known, requests: slices.Concat(
			in("POST /user_management/authorize/device"+form, "", "client_id=c"),
			in("POST /user_management/authenticate"+json, "x", "{}", `{"client_id":"c"}`, `{"client_id":"c","grant_type":"refresh_token","refresh_token":"wr","organization_id":"o"}`, `{"client_id":"c","grant_type":"refresh_token","refresh_token":"wr"}`, `{"client_id":"c","grant_type":"refresh_token","refresh_token":"wr"}`, `{"client_id":"c","grant_type":"urn:ietf:params:oauth:grant-type:device_code","device_code":"deviceauth_sim000000000001"}`),
			[]string{"POST /_sim/deny\n\n{\"user_code\":\"simw-0001\"}"},
			in("POST /user_management/authenticate"+json, `{"client_id":"c","grant_type":"urn:ietf:params:oauth:grant-type:device_code","device_code":"deviceauth_sim000000000001"}`))},
		{name: "login errors", script: "/oauth/token=400,401,429,429(retry=5s),500,error; /token=403,503; /oauth/authorize=404; /v1/oauth/token=400,429", requests: slices.Concat(
			slices.Repeat(in("POST /oauth/token"+json, "{}"), 6), slices.Repeat(in("POST /token"+form, ""), 2), []string{"GET /oauth/authorize\n"}, slices.Repeat(in("POST /v1/oauth/token", "{}"), 2))},
		{name: "control", requests: []string{
			"POST /_sim/script\n\nfoo", "POST /_sim/script\n\nok", "POST /_sim/oauth\n\n{}", "POST /_sim/oauth\n\n{\"access\":\"a\"}", "POST /_sim/owner\n\n{}", "POST /_sim/owner\n\n{\"vendor\":\"google\"}",
			"POST /_sim/key\n\n{}", "POST /_sim/key\n\n{\"kind\":\"gemini\",\"key\":\"k\"}", "GET /_sim/served\n", "GET /_sim/what\n",
		}},
	}
}
