"""What AWS refuses and the emulator would let through: a layer in front of it, one rule each.

A rule looks at a request before the emulator does, may ask the emulator through its own API, and
answers with AWS's own code, status and message, or lets the request pass.
"""
