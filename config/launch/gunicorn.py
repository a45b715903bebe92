"""Web server settings, for `make run` and for the container image."""

import os

bind = f"{os.environ.get('HOST', '127.0.0.1')}:{os.environ.get('PORT', '8000')}"
# Two cores: two processes; threads carry the waiting for the database and for slow phones.
workers = 2
worker_class = "gthread"
threads = 4
preload_app = True
timeout = 60
graceful_timeout = 10
keepalive = 15
max_requests = 20_000
max_requests_jitter = 2_000
control_socket_disable = True
accesslog = None
loglevel = "warning"
proc_name = "gedang-web"
