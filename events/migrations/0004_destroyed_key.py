"""One row for a key and for its end, where two tables could each be written without the other's knowledge."""

from django.db import migrations, models

_END = """
    UPDATE events_applicantkey SET key = NULL, destroyed_at_us = (
        SELECT gone.destroyed_at_us FROM events_destroyedkey AS gone
        WHERE gone.applicant = events_applicantkey.applicant
        AND gone.personal_class = events_applicantkey.personal_class
    )
    WHERE (applicant, personal_class) IN (SELECT applicant, personal_class FROM events_destroyedkey)
"""
_ADD = """
    INSERT INTO events_applicantkey (applicant, personal_class, key, destroyed_at_us)
    SELECT applicant, personal_class, NULL, destroyed_at_us FROM events_destroyedkey
    WHERE (applicant, personal_class) NOT IN (SELECT applicant, personal_class FROM events_applicantkey)
"""


class Migration(migrations.Migration):

    dependencies = [
        ('events', '0003_quarantine'),
    ]

    operations = [
        migrations.AlterField(
            model_name='applicantkey',
            name='key',
            field=models.BinaryField(null=True),
        ),
        migrations.AddField(
            model_name='applicantkey',
            name='destroyed_at_us',
            field=models.BigIntegerField(null=True),
        ),
        # There is no way back: what was destroyed must stay known as such.
        migrations.RunSQL([_END, _ADD], hints={"model_name": "ApplicantKey"}),
        migrations.DeleteModel(
            name='DestroyedKey',
        ),
    ]
