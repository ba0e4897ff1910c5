"""Asks what the REST server answers to a missing, an empty and a malformed body, on every POST route."""

BODIES = {"missing": None, "empty": b"", "malformed": b"{", "an empty object": b"{}"}


def probe(context):
    module = context.load("model_ops_coordinator.transport.rest_api")
    if context.is_stub(module.FastAPI):
        return context.could_not("reading bodies is FastAPI's work, and it is a stub here")
    from fastapi.testclient import TestClient

    try:
        server = module.RESTAPIServer(context.fake(), api_key="secret")
    except Exception as error:
        return context.could_not(
            f"something else fails first, the server cannot be constructed: {type(error).__name__}: {error}"
        )
    client = TestClient(server.app, raise_server_exceptions=False)
    headers = {"Authorization": "Bearer secret", "Content-Type": "application/json"}
    routes = sorted(route.path for route in server.app.routes if "POST" in (getattr(route, "methods", None) or ()))
    failures, statuses = [], set()
    for path in routes:
        for kind, body in BODIES.items():
            status = client.post(path, content=body, headers=headers).status_code
            statuses.add(status)
            if status >= 500:
                failures.append(f"{path} with a body that is {kind}: {status}")
    if not routes:
        return context.could_not("there are no POST routes")
    if failures:
        return context.holds("; ".join(failures))
    return context.does_not_hold(f"{len(routes)} POST routes answer {sorted(statuses)} to bodies that are no request")
