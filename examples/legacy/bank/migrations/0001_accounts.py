"""As it was."""

from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name='Account',
            fields=[
                ('reference', models.CharField(max_length=64, primary_key=True, serialize=False)),
                ('customer', models.CharField(max_length=32)),
                ('product', models.CharField(max_length=16)),
                ('deposit_pence', models.BigIntegerField()),
                ('daily_limit_pence', models.BigIntegerField()),
                ('status', models.CharField(default='open', max_length=16)),
                ('letter', models.CharField(default='pending', max_length=16)),
                ('opened_at', models.DateTimeField(auto_now_add=True)),
            ],
        ),
    ]
