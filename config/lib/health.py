"""Whether the servers behind the product answer."""

import redis
from django.conf import settings


def broker_answers() -> bool:
    """Ping the broker, waiting at most two seconds."""
    try:
        with redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2) as broker:
            return bool(broker.ping())
    except redis.RedisError:
        return False
