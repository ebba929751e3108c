"""The operator's desk that holds our books against what banks and the provider say."""
