"""The positions that the feed keeps for its readers."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Makes the table in the main database."""

    dependencies = [("streaming", "0004_deliveries")]

    operations = [
        migrations.CreateModel(
            name="FeedSubscription",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "feed", "name", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("feed", models.CharField(max_length=32)),
                ("name", models.CharField(max_length=64)),
                ("cursors", models.JSONField()),
                ("holders", models.JSONField()),
            ],
        ),
    ]
