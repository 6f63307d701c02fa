"""An S3-compatible server for tests: moto's, in this process, started once per test session."""

from __future__ import annotations

import atexit
import http.client
import logging
import uuid
from functools import cache

from moto.server import ThreadedMotoServer

from eden.base.blobs import Blobs

KEYS = {"access_key": "tests", "secret_key": "of the tests"}


@cache
def s3_endpoint() -> str:
    """Address of the server."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    atexit.register(server.stop)
    host, port = server.get_host_and_port()
    return f"http://{host}:{port}"


def s3_address() -> str:
    """A prefix in a new, empty bucket."""
    endpoint, bucket = s3_endpoint(), f"eden-{uuid.uuid4().hex}"
    connection = http.client.HTTPConnection(endpoint.removeprefix("http://"))
    connection.request(
        "PUT", f"/{bucket}", headers={"Authorization": "AWS4-HMAC-SHA256 Credential=tests/x/us-east-1/s3/x"}
    )
    assert connection.getresponse().status == 200
    connection.close()
    return f"s3://{bucket}/some/prefix"


def s3_blobs(cache_bytes: int = 0) -> Blobs:
    """An empty store."""
    return Blobs(s3_address(), endpoint=s3_endpoint(), cache_bytes=cache_bytes, **KEYS)
