"""How often a program may ask: so many requests a minute for each token or session, counted in the broker.

A broker that is away lets requests pass: the rate protects the server from a runaway program, it is no wall.
"""

import logging
from functools import cache
from hashlib import sha256
from typing import Any

import redis
from django.conf import settings
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from config.lib import clock

log = logging.getLogger("gedang.api")
WINDOW = 60
TIMEOUT = 1


@cache
def _broker() -> redis.Redis:
    return redis.Redis.from_url(settings.REDIS_URL, socket_timeout=TIMEOUT, socket_connect_timeout=TIMEOUT)


class Rate(BaseThrottle):
    """Counts the requests of one token, or one browser session, in the running minute."""

    def allow_request(self, request: Request, view: Any) -> bool:
        """Count this request; False once the minute's number is used up."""
        second = int(clock.now().timestamp())
        self.left = WINDOW - second % WINDOW
        key = f"gedang:api:{_asker(request)}:{second // WINDOW}"
        try:
            with _broker().pipeline(transaction=False) as pipe:
                pipe.incr(key)
                pipe.expire(key, 2 * WINDOW)
                count = pipe.execute()[0]
        except redis.RedisError:
            log.warning("broker away, request not counted")
            return True
        return int(count) <= int(settings.API_REQUESTS_PER_MINUTE)

    def wait(self) -> float:
        """Return the seconds until the next minute."""
        return self.left


def _asker(request: Request) -> str:
    token = getattr(request.auth, "sha256", "")
    return str(token or sha256((request.session.session_key or "").encode()).hexdigest())[:32]
