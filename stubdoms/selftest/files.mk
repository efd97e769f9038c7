# SPDX-License-Identifier: Apache-2.0
stubdoms += selftest
selftest-obj := stubdoms/selftest/main.o
