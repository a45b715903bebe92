"""Where media lie, as backup and restore see them: the folder of this installation, or a bucket of an S3-compatible store."""

import shutil
from pathlib import Path
from typing import Any

from config import env
from config.launch.messages import LaunchError, say
from config.launch.paths import data_directory

FOLDER = "media"


def fetched(scratch: Path) -> Path:
    """Return a directory that holds every medium: the installation's own, or a copy of the bucket in ``scratch``."""
    if not in_bucket():
        return data_directory() / FOLDER
    target = scratch / "bucket"
    target.mkdir()
    store, bucket = _store()
    for page in store.get_paginator("list_objects_v2").paginate(Bucket=bucket):
        for entry in page.get("Contents", ()):
            path = (target / entry["Key"]).resolve()
            if not path.is_relative_to(target.resolve()):
                raise LaunchError(f"the bucket holds an object that is no file of ours: {entry['Key']}")
            path.parent.mkdir(parents=True, exist_ok=True)
            store.download_file(bucket, entry["Key"], str(path))
    return target


def put_back(source: Path) -> None:
    """Replace the folder by ``source``; in a bucket put every file back and leave what else lies there."""
    if not in_bucket():
        shutil.rmtree(data_directory() / FOLDER, ignore_errors=True)
        if source.exists():
            source.replace(data_directory() / FOLDER)
        return
    store, bucket = _store()
    for path in sorted(source.rglob("*")):
        if path.is_file():
            store.upload_file(str(path), bucket, str(path.relative_to(source)))
    say(f"media went back into the bucket {bucket}")


def in_bucket() -> bool:
    """Tell whether media lie in an object store."""
    return bool(env.read("MEDIA_S3_BUCKET"))


def _store() -> tuple[Any, str]:
    import boto3

    store = boto3.client(
        "s3",
        endpoint_url=env.read("MEDIA_S3_ENDPOINT") or None,
        aws_access_key_id=env.read("MEDIA_S3_ACCESS_KEY") or None,
        aws_secret_access_key=env.read("MEDIA_S3_SECRET_KEY") or None,
    )
    return store, env.read("MEDIA_S3_BUCKET")
