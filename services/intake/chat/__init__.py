"""The chat: a bot that answers from help topics, and the hand-over to a person, over one WebSocket."""
