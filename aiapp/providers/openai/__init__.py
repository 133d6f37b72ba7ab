"""OpenAI through its Responses API and its official SDK."""
