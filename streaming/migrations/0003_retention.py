"""What is kept of a record that is not, the versions of the projection, and each case's first number."""

from django.db import migrations, models

_FIRST = """
    UPDATE streaming_feedcase SET first = (
        SELECT COALESCE(MIN(number), 0) FROM streaming_feedrecord
        WHERE streaming_feedrecord."case" = streaming_feedcase."case"
    )
"""


def _number_first(apps, schema_editor):
    schema_editor.execute(_FIRST, params=None)


class Migration(migrations.Migration):

    dependencies = [("streaming", "0002_doorbell")]

    operations = [
        migrations.CreateModel(
            name="FeedPlace",
            fields=[
                ("event_id", models.CharField(max_length=36, primary_key=True, serialize=False)),
                ("feed", models.CharField(max_length=32)),
                ("number", models.PositiveBigIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="FeedProjection",
            fields=[
                ("position", models.PositiveBigIntegerField(primary_key=True, serialize=False)),
                ("version", models.PositiveIntegerField()),
            ],
        ),
        migrations.AddField(
            model_name="feedcase",
            name="first",
            field=models.PositiveBigIntegerField(default=0),
        ),
        # The hint leads it to the feed's own database.
        migrations.RunPython(
            _number_first, migrations.RunPython.noop, hints={"model_name": "feedcase"}
        ),
    ]
