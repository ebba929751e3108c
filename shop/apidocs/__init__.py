"""The API's description for people, made from its OpenAPI document."""
