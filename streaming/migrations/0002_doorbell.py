"""On PostgreSQL: a word to whoever waits when a feed's head has moved, and where to.

Only the feed writer writes these tables, so that nobody waits for anybody's notification lock.
"""

from django.db import migrations

_ON = (
    """
    CREATE FUNCTION streaming_says_moved() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM pg_notify('vouch_feed', concat_ws(' ', NEW.feed, NEW.epoch, NEW.oldest, NEW.head));
        RETURN NULL;
    END $$
    """,
    """
    CREATE FUNCTION streaming_says_gone() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN NOTIFY vouch_feed; RETURN NULL; END $$
    """,
    """
    CREATE TRIGGER streaming_feed_moved AFTER INSERT OR UPDATE ON streaming_feedhead
    FOR EACH ROW EXECUTE FUNCTION streaming_says_moved()
    """,
    """
    CREATE TRIGGER streaming_feed_gone AFTER DELETE OR TRUNCATE ON streaming_feedhead
    EXECUTE FUNCTION streaming_says_gone()
    """,
)
_OFF = (
    "DROP TRIGGER streaming_feed_moved ON streaming_feedhead",
    "DROP TRIGGER streaming_feed_gone ON streaming_feedhead",
    "DROP FUNCTION streaming_says_moved()",
    "DROP FUNCTION streaming_says_gone()",
)


def _execute(statements):
    def run(apps, schema_editor):
        if schema_editor.connection.vendor == "postgresql":
            for statement in statements:
                schema_editor.execute(statement, params=None)

    return run


class Migration(migrations.Migration):

    dependencies = [("streaming", "0001_initial")]

    operations = [
        # The hint leads it to the feed's own database.
        migrations.RunPython(_execute(_ON), _execute(_OFF), hints={"model_name": "feedhead"}),
    ]
