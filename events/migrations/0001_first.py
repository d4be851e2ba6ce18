"""The journal, applicants' keys, service keys and statistics."""

from django.db import migrations, models

from events.database import ADAPTERS


def _create(apps, schema_editor):
    for statement in ADAPTERS[schema_editor.connection.vendor].create:
        schema_editor.execute(statement, params=None)


def _drop(apps, schema_editor):
    for statement in ADAPTERS[schema_editor.connection.vendor].drop:
        schema_editor.execute(statement, params=None)


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.RunPython(_create, _drop),
        migrations.CreateModel(
            name='ServiceKey',
            fields=[
                ('service', models.CharField(max_length=64, primary_key=True, serialize=False)),
                ('key_sha256', models.BinaryField(max_length=32, unique=True)),
            ],
        ),
        migrations.CreateModel(
            name='Statistic',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('noted_at_us', models.BigIntegerField()),
                ('type', models.CharField(max_length=128)),
                ('subject', models.CharField(max_length=64)),
                ('client', models.CharField(max_length=64)),
                ('payload', models.BinaryField()),
            ],
        ),
        migrations.CreateModel(
            name='ApplicantKey',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('applicant', models.CharField(max_length=64)),
                ('personal_class', models.CharField(max_length=16)),
                ('key', models.BinaryField()),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('applicant', 'personal_class'), name='one_key')],
            },
        ),
        migrations.CreateModel(
            name='DestroyedKey',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('applicant', models.CharField(max_length=64)),
                ('personal_class', models.CharField(max_length=16)),
                ('destroyed_at_us', models.BigIntegerField()),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('applicant', 'personal_class'), name='destroyed_once')],
            },
        ),
    ]
