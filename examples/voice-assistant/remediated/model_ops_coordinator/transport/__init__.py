"""ZMQ, gRPC and REST in front of the same kernel."""
