# SPDX-License-Identifier: ISC
"""The random orders of test/api/test_model.py, on PostgreSQL."""
from api.test_model import test_the_server_has_what_a_model_of_its_orders_has  # noqa: F401
