"""Small helpers: configuration, retries, Prometheus."""
