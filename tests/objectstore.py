"""An S3-compatible store on this machine, for the tests of media in a bucket."""

import logging
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

import boto3
from moto.server import ThreadedMotoServer

BUCKET = "gedang-media"
KEYS = {"MEDIA_S3_ACCESS_KEY": "access", "MEDIA_S3_SECRET_KEY": "secret"}


@contextmanager
def object_store() -> Iterator[dict[str, str]]:
    """Run a store with an empty bucket; yield the settings of an installation that keeps its media there."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        _host, port = server.get_host_and_port()
        # All stores of a process share one memory.
        urllib.request.urlopen(urllib.request.Request(f"http://127.0.0.1:{port}/moto-api/reset", method="POST")).close()
        environment = {"MEDIA_S3_BUCKET": BUCKET, "MEDIA_S3_ENDPOINT": f"http://127.0.0.1:{port}", **KEYS}
        client_of(environment).create_bucket(Bucket=BUCKET)
        yield environment
    finally:
        server.stop()


def client_of(environment: dict[str, str]) -> "boto3.client":
    """Return a client of the store."""
    return boto3.client(
        "s3",
        endpoint_url=environment["MEDIA_S3_ENDPOINT"],
        aws_access_key_id=environment["MEDIA_S3_ACCESS_KEY"],
        aws_secret_access_key=environment["MEDIA_S3_SECRET_KEY"],
    )
