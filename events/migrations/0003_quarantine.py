"""The quarantine beside the journal on PostgreSQL; an installation made since has it from its first migration."""

from django.db import migrations

from events.database.quarantine import CREATE


def _create(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for statement in CREATE:
            schema_editor.execute(statement, params=None)


class Migration(migrations.Migration):

    dependencies = [
        ('events', '0002_relay'),
    ]

    operations = [
        # Backwards nothing is done: what waits there must not be lost, and the first migration drops it.
        migrations.RunPython(_create, migrations.RunPython.noop),
    ]
