# SPDX-License-Identifier: Apache-2.0
stubdoms += hostile-back
hostile-back-obj := stubdoms/hostile-back/main.o
hostile-back-obj += stubdoms/hostile-back/peer.o
hostile-back-obj += stubdoms/hostile-back/vbd.o
hostile-back-obj += stubdoms/hostile-back/vif.o
