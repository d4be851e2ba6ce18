"""With each feed's head, the journal's position of what was told last.

A feed that is told nothing more keeps 0 until a rebuild; who watches the heads finds it with the look at all.
"""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("streaming", "0005_subscriptions")]

    operations = [
        migrations.AddField(
            model_name="feedhead",
            name="position",
            field=models.PositiveBigIntegerField(db_index=True, default=0),
        ),
    ]
