"""All settings, in one file, driven by the variables of ``config.env``. Imports no app."""

from base64 import b64encode
from hashlib import sha256
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from csp.constants import NONE, SELF

from config import env

# --- Mode ---------------------------------------------------------------------------------------------------------
MODE = env.mode()
BASE_DIR = env.BASE_DIR
DATA_DIR: Path = env.read("DATA_DIR")
PRODUCTION = MODE == "production"
DEBUG = MODE == "dev"
PROCESS_ROLE = env.read("PROCESS_ROLE")
if PROCESS_ROLE not in ("owner", "web", "worker", "opener", "read"):
    raise env.SettingError(f"PROCESS_ROLE={PROCESS_ROLE!r} is not one of owner, web, worker, opener, read")
CODE_VERSION = env.read("CODE_VERSION")
CLOCK_OFFSET_SECONDS = env.read("CLOCK_OFFSET_SECONDS")
if PRODUCTION and CLOCK_OFFSET_SECONDS:
    raise env.SettingError("CLOCK_OFFSET_SECONDS must not be set in production")

# --- Secrets ------------------------------------------------------------------------------------------------------
# Outside production an installation without keys gets fixed ones, marked as worthless: they protect nothing.


def _worthless(name: str) -> bytes:
    return sha256(b"gedang outside production: " + name.encode()).digest()


SECRET_KEY = env.read("SECRET_KEY") or b64encode(_worthless("secret")).decode()
FIELD_KEYS = env.read("FIELD_KEYS") or {1: _worthless("field")}
INDEX_KEYS = env.read("INDEX_KEYS") or {1: _worthless("index")}
DRAFT_KEY = env.read("DRAFT_KEY") or _worthless("draft")
OPENER_KEY_FILE = env.read("OPENER_KEY_FILE")

# --- Hosts and transport ------------------------------------------------------------------------------------------
ALLOWED_HOSTS = env.read("ALLOWED_HOSTS") or ["*"]
if PRODUCTION and "*" in ALLOWED_HOSTS:
    raise env.SettingError("ALLOWED_HOSTS must name the hosts in production, not *")
CSRF_TRUSTED_ORIGINS = env.read("TRUSTED_ORIGINS")
BEHIND_TLS = env.read("BEHIND_TLS")
if BEHIND_TLS:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_SSL_REDIRECT = True
    SECURE_HSTS_SECONDS = 31_536_000
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SECURE_REDIRECT_EXEMPT = [r"^healthz$"]
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = BEHIND_TLS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_NAME = "gedang_session"
CSRF_COOKIE_NAME = "gedang_csrf"
CSRF_FAILURE_VIEW = "config.lib.errors.csrf_failure"
SESSION_IDLE_MINUTES = env.read("SESSION_IDLE_MINUTES")
SESSION_HOURS = env.read("SESSION_HOURS")
SESSION_COOKIE_AGE = SESSION_HOURS * 3600
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
TRUSTED_PROXIES = env.read("TRUSTED_PROXIES")
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:", "blob:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

# --- Applications -------------------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.forms",
    "django_htmx",
    "axes",
    "csp",
    "rest_framework",
    "drf_spectacular",
    "config.lib",
    "grids",
    "customers",
    "credit",
    "reporting",
]
# The order matters: the transaction of ActingMiddleware must hold the session, the sign-in and the view.
MIDDLEWARE = [
    "config.lib.requests.RequestMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "config.lib.acting.TransactionMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "grids.middleware.ActingMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
    "config.lib.access.AccessMiddleware",
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.messages.context_processors.messages",
                "config.navigation.frame",
            ],
            "builtins": ["django.templatetags.i18n", "django.templatetags.static", "config.lib.templatetags.gedang"],
        },
    }
]
FORM_RENDERER = "config.lib.controls.Controls"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Database -----------------------------------------------------------------------------------------------------


def _database(url: str) -> dict[str, object]:
    """Turn a database URL into settings; the login follows PROCESS_ROLE, the URL's own login is the owner's."""
    parts = urlsplit(url or "postgresql://gedang_owner@127.0.0.1:5432/gedang")
    options = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    password = env.read(f"DATABASE_PASSWORD_{PROCESS_ROLE.upper()}")
    if PROCESS_ROLE == "owner" and not password:
        password = unquote(parts.password or "")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")) or "gedang",
        "USER": f"gedang_{PROCESS_ROLE}",
        "PASSWORD": password,
        "HOST": options.pop("host", unquote(parts.hostname or "")),
        "PORT": options.pop("port", str(parts.port or "")),
        "OPTIONS": {**options, "application_name": f"gedang-{PROCESS_ROLE}"},
        "ATOMIC_REQUESTS": True,
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
        # A day that SQL takes from an instant is a business day.
        "TIME_ZONE": "Asia/Shanghai",
        "TEST": {"NAME": env.read("TEST_DATABASE_NAME") or None},
    }


DATABASES = {"default": _database(env.read("DATABASE_URL"))}

# --- People and passwords -----------------------------------------------------------------------------------------
AUTH_USER_MODEL = "grids.Staff"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
LOGIN_URL = "sign_in"
PASSWORD_HASHERS = (
    ["django.contrib.auth.hashers.MD5PasswordHasher", "django.contrib.auth.hashers.Argon2PasswordHasher"]
    if MODE == "test"
    else ["django.contrib.auth.hashers.Argon2PasswordHasher"]
)
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
# Failures are counted per login and address together: one forgetful colleague cannot lock out a branch that shares
# one address, and one attacker elsewhere cannot lock a colleague out of his own desk.
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_USERNAME_FORM_FIELD = "username"
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = 0.25
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_TEMPLATE = "429.html"
AXES_HTTP_RESPONSE_CODE = 429
AXES_CLIENT_IP_CALLABLE = "config.lib.requests.client_address"
AXES_DISABLE_ACCESS_LOG = True
AXES_VERBOSE = False

# --- Language and time --------------------------------------------------------------------------------------------
LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "简体中文"), ("en", "English")]
LANGUAGE_COOKIE_NAME = "gedang_language"
LOCALE_PATHS = [BASE_DIR / "config" / "locale"]
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True
USE_I18N = True
USE_THOUSAND_SEPARATOR = False

# --- Static files and media ---------------------------------------------------------------------------------------
STATIC_URL = "static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "config" / "static"]
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "config.assets.NodeFinder",
]
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
WHITENOISE_USE_FINDERS = MODE in ("dev", "test")
WHITENOISE_AUTOREFRESH = MODE in ("dev", "test")
MEDIA_ROOT = DATA_DIR / "media"
S3_OPTIONS = {
    "bucket_name": env.read("MEDIA_S3_BUCKET"),
    "endpoint_url": env.read("MEDIA_S3_ENDPOINT"),
    "access_key": env.read("MEDIA_S3_ACCESS_KEY"),
    "secret_key": env.read("MEDIA_S3_SECRET_KEY"),
    "default_acl": None,
    "file_overwrite": False,
}
STORAGES = {
    "default": {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": S3_OPTIONS}
    if S3_OPTIONS["bucket_name"]
    else {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if MODE in ("dev", "test")
        else "config.assets.HashedStorage"
    },
}
UPLOAD_LIMIT_MB = env.read("UPLOAD_LIMIT_MB")
ROSTER_LIMIT_MB = env.read("ROSTER_LIMIT_MB")
# Addresses that take more than UPLOAD_LIMIT_MB, in megabytes.
LARGE_UPLOADS = {"/rosters/new/": ROSTER_LIMIT_MB, "/api/v1/roster-imports/": ROSTER_LIMIT_MB}
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 4000
# Addresses under which nothing that is sent is ever spooled to a disk: photos of sheets before their opening.
NEVER_SPOOLED = ("/sheets/",)

# --- Celery -------------------------------------------------------------------------------------------------------
REDIS_URL = env.read("REDIS_URL")
CELERY_MODULE = "config.celery"
CELERY_BROKER_URL = REDIS_URL
CELERY_TIMEZONE = TIME_ZONE
CELERY_ENABLE_UTC = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_IGNORE_RESULT = True  # run rows are the only result store
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_SOFT_TIME_LIMIT = 1500
CELERY_TASK_TIME_LIMIT = 1800
# Above the longest task, or the broker would hand a running task to a second worker.
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 7200}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False

# --- Mails --------------------------------------------------------------------------------------------------------
MAIL_SERVER = env.read("EMAIL_URL")
MAIL_FROM = env.read("EMAIL_FROM")
PUBLIC_URL = env.read("PUBLIC_URL")
DIGEST_HOUR = env.read("DIGEST_HOUR")
if MAIL_SERVER and not (MAIL_FROM and PUBLIC_URL):
    raise env.SettingError("EMAIL_URL needs EMAIL_FROM and PUBLIC_URL: who writes, and where the links lead")
EMAIL_TIMEOUT = 15

# --- API ----------------------------------------------------------------------------------------------------------
API_REQUESTS_PER_MINUTE = env.read("API_REQUESTS_PER_MINUTE")
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "grids.api.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["config.lib.access.DeclaredPermission"],
    "DEFAULT_THROTTLE_CLASSES": ["config.lib.api.throttling.Rate"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "config.lib.api.schema.Schema",
    "EXCEPTION_HANDLER": "config.lib.api.errors.handler",
    "COERCE_DECIMAL_TO_STRING": True,
    "URL_FORMAT_OVERRIDE": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "格档 Gedang",
    "DESCRIPTION": "Amounts are decimal strings in yuan, in fields ending in _yuan. Instants are ISO 8601 with offset.",
    "VERSION": "1",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SERVE_INCLUDE_SCHEMA": False,
    "COMPONENT_SPLIT_REQUEST": True,
    # Codes of the same name in several nouns; without these the names of their types would depend on each other.
    "ENUM_NAME_OVERRIDES": {
        "BranchKind": "grids.models.Branch.Kind",
        "GridKind": "grids.models.Grid.Kind",
        "VisitOutcome": "customers.models.Visit.Outcome",
        "DecisionOutcome": "credit.models.Decision.Outcome",
        "DecisionVerb": "credit.models.DecisionStep.Verb",
        "RunState": "config.lib.models.JobRun.State",
        "PlanState": "reporting.models.SamplePlan.State",
    },
}

# --- Logs ---------------------------------------------------------------------------------------------------------
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "config.lib.requests.JsonFormatter"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["stderr"], "level": env.read("LOG_LEVEL")},
    "loggers": {
        "django.server": {"handlers": [], "propagate": False},
        "axes": {"level": "ERROR"},
        "PIL": {"level": "INFO"},  # at DEBUG it writes down what the camera noted in a photo
    },
}

# --- Ours ---------------------------------------------------------------------------------------------------------
# Lower pages offer named slots; a higher app's page fills them by URL name, so that no import points upwards.
PAGE_SLOTS = {
    "household": [
        "credit:household_line",
        "credit:household_chain",
        "credit:household_applications",
        "credit:household_credits",
    ],
    "week": ["reporting:visit_statistics"],
}
