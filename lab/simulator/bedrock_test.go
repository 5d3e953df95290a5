package simulator_test

const askBedrock = `{"anthropic_version":"bedrock-2023-05-31","max_tokens":16,"messages":[{"role":"user","content":"Say pong for my ping."}]}`

const bedrockModel = "/model/us.anthropic.claude-sonnet-4-5-20250929-v1%3A0/"

// bedrock sends a request with a bearer token.
func (s *sim) bedrock(operation, body string) answer {
	s.t.Helper()
	return s.do("POST", bedrockModel+operation, body, "authorization: Bearer ABSK-a")
}
