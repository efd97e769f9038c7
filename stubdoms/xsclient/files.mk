# SPDX-License-Identifier: Apache-2.0
stubdoms += xsclient
xsclient-obj := stubdoms/xsclient/main.o
