"""A stand-in Canvas: OAuth2, the API, paging, throttling and faults, for anybody's client."""
