"""The move of the welcome letters: a table is added, nothing that was there changes."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [('bank', '0001_accounts')]

    operations = [
        migrations.CreateModel(
            name='Stage',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(default='as_it_was', max_length=16)),
            ],
        ),
    ]
