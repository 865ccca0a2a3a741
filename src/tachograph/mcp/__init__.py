"""The same questions, for agents: tools and resources over the Model Context Protocol; needs the extra `mcp`."""
