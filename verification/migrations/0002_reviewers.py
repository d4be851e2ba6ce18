from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('verification', '0001_initial'),
    ]

    operations = [
        migrations.AddField(
            model_name='decision',
            name='by',
            field=models.CharField(default='policy', max_length=16),
        ),
        migrations.AddField(
            model_name='decision',
            name='reasons',
            field=models.JSONField(default=list),
        ),
    ]
