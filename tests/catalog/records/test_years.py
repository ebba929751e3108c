"""The database refuses a record of temperatures from a year that programs cannot hold."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from shop.db import db, transaction


def test_a_record_before_this_century_is_refused(session):
    with pytest.raises(IntegrityError, match="ck_temperature_records_started_at"), transaction():
        db.session.execute(
            text("""INSERT INTO temperature_records (id, public_id, producer_id, lot_id, file_id, layout, started_at, ended_at, readings,
                                                     least_c, most_c, mean_c, range_from, recorded_at)
                    VALUES (1, gen_random_uuid(), 1, 1, 1, '{}', '0001-12-31 BC', now(), 1, 4, 4, 4, 'none', now())""")
        )
