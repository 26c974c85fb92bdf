"""The documented interfaces of a few stores, on loopback, for tests/vaults.sh: STORE PORT."""
import base64
import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlparse

SECRETS = {}


def kubernetes(method, path, query, body):
    """https://kubernetes.io/docs/reference/kubernetes-api/config-and-storage-resources/secret-v1/"""
    if path == "/version":
        return 200, {"major": "1", "minor": "32", "gitVersion": "v1.32.0"}
    if path == "/api":
        return 200, {"kind": "APIVersions", "versions": ["v1"]}
    if path == "/apis":
        return 200, {"kind": "APIGroupList", "apiVersion": "v1", "groups": []}
    if path == "/api/v1":
        verbs = ["create", "get", "list", "patch"]
        resource = {"name": "secrets", "singularName": "secret", "namespaced": True, "kind": "Secret", "verbs": verbs}
        return 200, {"kind": "APIResourceList", "groupVersion": "v1", "resources": [resource]}
    if path == "/openapi/v3":
        return 200, {"paths": {"api/v1": {"serverRelativeURL": "/openapi/v3/api/v1"}}}
    if path == "/openapi/v3/api/v1":
        kind = {"group": "", "version": "v1", "kind": "Secret"}
        patch = {"x-kubernetes-group-version-kind": kind, "parameters": [{"name": "fieldValidation", "in": "query"}]}
        paths = {"/api/v1/namespaces/{namespace}/secrets/{name}": {"patch": patch}}
        return 200, {"openapi": "3.0.0", "info": {"title": "", "version": ""}, "paths": paths}
    at = "/api/v1/namespaces/default/secrets"
    name = path[len(at) + 1:]
    if path == at and method == "POST":
        SECRETS[body["metadata"]["name"]] = body
        body["metadata"]["namespace"] = "default"
        return 201, body
    if path.startswith(at) and name not in SECRETS:
        status = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "NotFound", "code": 404}
        return 404, status | {"message": f'secrets "{name}" not found', "details": {"name": name, "kind": "secrets"}}
    if path.startswith(at):
        secret = SECRETS[name]
        if method == "PATCH":
            secret["data"].update(body.get("data", {}))
            plain = body.get("stringData", {}).items()
            secret["data"].update({k: base64.b64encode(v.encode()).decode() for k, v in plain})
        return 200, secret
    return 404, {"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "NotFound", "code": 404}


def doppler(method, path, query, body):
    """https://docs.doppler.com/reference/secrets-list and secrets-update"""
    if method == "POST":
        for change in body.get("change_requests", []):
            SECRETS[change["name"]] = change["value"]
        SECRETS.update(body.get("secrets", {}))
    secrets = {k: {"raw": v, "computed": v, "rawVisibility": "masked", "computedVisibility": "masked"} for k, v in SECRETS.items()}
    return 200, {"success": True, "secrets": secrets}


def gcp(method, path, query, body):
    """https://cloud.google.com/secret-manager/docs/reference/rest"""
    missing = 404, {"error": {"code": 404, "status": "NOT_FOUND", "message": f"Secret [{path}] not found."}}
    at = "/v1/projects/shop/secrets"
    if path == at and method == "POST":
        name = query["secretId"][0]
        SECRETS[name] = []
        return 200, {"name": f"projects/1/secrets/{name}"}
    name, _, rest = path[len(at) + 1:].partition("/")
    name, _, verb = name.partition(":")
    if name not in SECRETS:
        return missing
    if verb == "addVersion":
        SECRETS[name].append(body["payload"]["data"])
        return 200, {"name": f"projects/1/secrets/{name}/versions/{len(SECRETS[name])}", "state": "ENABLED", "clientSpecifiedPayloadChecksum": True}
    if rest == "versions/latest:access":
        if not SECRETS[name]:
            return missing
        return 200, {"name": f"projects/1/secrets/{name}/versions/1", "payload": {"data": SECRETS[name][-1]}}
    return 200, {"name": f"projects/1/secrets/{name}"}


def github(method, path, query, body):
    """https://docs.github.com/en/rest/actions/secrets"""
    at = "/repos/acme/shop/actions/secrets"
    if path == f"{at}/public-key":
        return 200, {"key_id": "1", "key": base64.b64encode(b"\x09" + bytes(31)).decode()}
    if path == at:
        secrets = [{"name": name, "updated_at": "2026-01-01T00:00:00Z", "visibility": ""} for name in SECRETS]
        return 200, {"total_count": len(secrets), "secrets": secrets}
    if method == "PUT" and path.startswith(at) and body.get("encrypted_value"):
        SECRETS[path[len(at) + 1:]] = body["encrypted_value"]
        return 201, {}
    return 404, {"message": "Not Found"}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        length = int(self.headers.get("content-length") or 0)
        body = json.loads(self.rfile.read(length) or "null")
        url = urlparse(self.path)
        status, said = STORE(self.command, url.path, parse_qs(url.query), body)
        said = json.dumps(said).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    do_GET = do_POST = do_PATCH = do_PUT = answer


STORE = {"kubernetes": kubernetes, "doppler": doppler, "gcp": gcp, "github": github}[sys.argv[1]]
ThreadingHTTPServer(("127.0.0.1", int(sys.argv[2])), Handler).serve_forever()
