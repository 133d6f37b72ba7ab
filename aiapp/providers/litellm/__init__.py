"""Every other provider, Bedrock and Vertex among them, through litellm (the extra `litellm`)."""

NAME = "litellm"
