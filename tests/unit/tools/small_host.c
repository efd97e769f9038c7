/* SPDX-License-Identifier: Apache-2.0 */
#include "cmocka_all.h"

#include "small_host.h"

static const char text[] = "host {\n name = small\n memory = 1G\n cpus = 2\n"
                           " hypervisor = \"console=com1  loglvl=info\"\n}\n"
                           "domain store {\n id = 1\n kind = xenstore\n function = xenstore\n"
                           " kernel = stubdom:xenstore\n memory = 16M\n}\n"
                           "domain disks {\n id = 2\n kind = storage\n kernel = debian\n"
                           " ramdisk = recipe:d.recipe\n memory = 64M\n}\n"
                           "domain nets {\n id = 3\n kind = network\n kernel = debian\n"
                           " ramdisk = recipe:n.recipe\n memory = 64M\n start-order = 5\n"
                           " on-reboot = restart\n on-crash = restart\n on-watchdog = stop\n}\n"
                           "domain guest {\n id = 17\n kind = guest\n kernel = debian\n"
                           " ramdisk = recipe:g.recipe\n cmdline = \"console=hvc0 a=b\"\n"
                           " memory = 128M\n max-memory = 256M\n cpus = 3\n weight = 512\n"
                           " tpm = yes\n ioports = 0x2f8-0x2ff, 0x80\n"
                           " disk xvda {\n backend = disks\n target = \"/dev/a\\\\b:/c\"\n format = qcow2\n"
                           " mode = ro\n }\n"
                           " net eth1 {\n backend = nets\n ip = 10.0.0.2\n vlan = 7\n"
                           " rate = 8Mb/s\n }\n}\n";

void small_host(struct host *host)
{
    static const char *const kinds[] = { "guest", "network", "storage", "xenstore" };
    struct diag diag = { 0 };

    if (!host_parse(host, "small.conf", (const uint8_t *)text, strlen(text), kinds, 4, &diag)) {
        fail_msg("%s", diag.text.data);
    }
}

void small_image(struct image *image, const struct host *host)
{
    memset(image, 0, sizeof(*image));
    image->host = host;
    image->cmdline = bh_strdup("console=com1 loglvl=info");
    image_module(image, "manifest.dtb");
    image_module(image, "policy.bin");
    for (size_t i = 0; i < host->domain_count; i++) {
        char *ramdisk = bh_printf("%s.cpio.gz", host->domains[i].name);

        image->domains[i].label = bh_printf("system_u:system_r:%s_t", host->domains[i].name);
        image->domains[i].kernel = image_module(image, i == 0 ? "xenstore.elf" : "vmlinux");
        image->domains[i].ramdisk = image_module(image, i == 0 ? "seed.xs" : ramdisk);
        free(ramdisk);
    }
}
