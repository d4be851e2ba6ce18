"""Django's settings, made from the environment."""

from __future__ import annotations

from typing import Final

from config import branding, databases
from config.environment import environment
from subscriber import logs

_environment = environment()
_DATA = _environment.data

SECRET_KEY: Final = _environment.secret
DEBUG: Final = _environment.debug
ALLOWED_HOSTS = ["127.0.0.1", "localhost", "testserver", *sorted(_environment.hosts)]
ROOT_URLCONF = "config.urls"
ASGI_APPLICATION = "config.asgi.application"
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en-gb"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "unfold",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "channels",
    "rest_framework",
    "drf_spectacular",
    "config",
    "events",
    "access",
    "verification",
    "streaming",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

DATABASES = databases.databases(_environment)
DATABASE_ROUTERS = ["config.routers.OwnDatabase"]
CHANNEL_LAYERS: dict[str, dict[str, object]] = {
    "default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}
}
if _environment.redis_url:
    # A doorbell and no more: whoever waits for a ring also looks by itself.
    CHANNEL_LAYERS["doorbell"] = {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [_environment.redis_url]},
    }

# How many streams one client may have open in a process, and whose pages may follow besides our own.
FEED_STREAMS: Final = _environment.feed_streams
FEED_ORIGINS: Final = _environment.feed_origins

# Originals and what is cut from them, encrypted, under random ids.
EVIDENCE_ROOT: Final = _DATA / "evidence"

# The Kafka cluster that the journal is carried to; None: the embedded profile, which has none.
KAFKA: Final = _environment.kafka

# For how many days the records of each feed are kept.
FEED_DAYS: Final = _environment.feed_days

UNFOLD: Final = branding.UNFOLD

STATIC_URL = "/static/"
STATIC_ROOT = None
# Files are served from the rooms they lie in; nothing has to be collected first.
WHITENOISE_USE_FINDERS = True

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["access.authentication.BearerAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": [],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser", "rest_framework.parsers.MultiPartParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "verification.api.problems.answer",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {"TITLE": "Vouch", "VERSION": "1", "SERVE_INCLUDE_SCHEMA": False}

# Uploads go to disk as they come: a 60 MB clip must not lie in memory.
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.TemporaryFileUploadHandler"]
FILE_UPLOAD_TEMP_DIR = _DATA / "uploads"
FILE_UPLOAD_TEMP_DIR.mkdir(exist_ok=True, mode=0o700)
DATA_UPLOAD_MAX_MEMORY_SIZE = 1 << 20
SECURE_CONTENT_TYPE_NOSNIFF = True
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = bool(_environment.tls_certificate)
CSRF_COOKIE_SAMESITE = "Lax"
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "subscriber.logs.lines"}},
    "filters": {"no_probe": {"()": "config.health.NotTheProbe"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["no_probe"]}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    # A client's mistake is told to the client; here it would be a line for every wrong key.
    # What our own rooms note, keys asked for and letters buried, is read by operators.
    # The doorbell's library repeats each second that Redis is away: `vouch.doorbell` says it once.
    "loggers": {
        "django.request": {"level": "ERROR"},
        "channels_redis": {"level": "CRITICAL"},
        "vouch": {"level": "INFO"},
    },
}
logs.wire()
