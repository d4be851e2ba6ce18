from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('access', '0004_sharing'),
    ]

    operations = [
        migrations.AddField(
            model_name='client',
            name='own_reviewers',
            field=models.BooleanField(default=False),
        ),
    ]
