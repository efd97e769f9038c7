# SPDX-License-Identifier: Apache-2.0
unit-tests += grant grant-race
grant-src = tests/unit/grant/test_grant.c $(mem-code) $(pin-code)
grant-race-src = tests/unit/grant/test_race.c $(mem-code)
