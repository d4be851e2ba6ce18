"""The AsyncAPI page: the public feed and the event streams, made from schemas and catalogue."""
