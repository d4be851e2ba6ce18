"""The whole way, on the running product, by what a client and a phone can do and see."""
