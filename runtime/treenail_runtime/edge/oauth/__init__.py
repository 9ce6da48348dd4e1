"""The authorization server's endpoints: each reads a request, asks one service, and answers."""
