from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("access", "0006_register_dial"),
    ]

    operations = [
        migrations.AddField("clientdial", "wait_s", models.PositiveIntegerField(default=900)),
    ]
