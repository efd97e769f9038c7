# SPDX-License-Identifier: Apache-2.0
stubdoms += hostile-front
hostile-front-obj := stubdoms/hostile-front/device.o
hostile-front-obj += stubdoms/hostile-front/main.o
hostile-front-obj += stubdoms/hostile-front/vbd.o
hostile-front-obj += stubdoms/hostile-front/vif.o
