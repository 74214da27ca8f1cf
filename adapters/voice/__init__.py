"""The room of sounds: text becomes speech, uploads become what Asterisk plays natively, and files have their place."""
