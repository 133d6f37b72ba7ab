"""The bundled model as a provider: messages to tokens, tokens to events. The model itself lives in `transformer/`."""
