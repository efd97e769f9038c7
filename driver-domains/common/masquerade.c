/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One table for nf_tables, made anew as one transaction: a chain at the point where packets leave,
 * and one rule there: the outgoing interface is ours -> masquerade.
 */
#include "link.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <stdint.h>

#include "netlink.h"

#define TABLE "backendd"
#define CHAIN "leaving"
#define PRIORITY_SOURCE_NAT 100 /* NF_IP_PRI_NAT_SRC */

static void begin(struct netlink *nl, uint16_t message, uint16_t flags)
{
    const struct nfgenmsg head = { .nfgen_family = NFPROTO_IPV4, .version = NFNETLINK_V0 };

    netlink_begin(nl, (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | message), flags, &head, sizeof(head));
}

static void batch(struct netlink *nl, uint16_t type)
{
    const struct nfgenmsg head = { .version = NFNETLINK_V0, .res_id = htons(NFNL_SUBSYS_NFTABLES) };

    netlink_begin(nl, type, 0, &head, sizeof(head));
}

struct place {
    size_t element, data;
};

static struct place expression_open(struct netlink *nl, const char *name)
{
    struct place p = { .element = netlink_open(nl, NFTA_LIST_ELEM) };

    netlink_put_text(nl, NFTA_EXPR_NAME, name);
    p.data = netlink_open(nl, NFTA_EXPR_DATA);
    return p;
}

static void expression_close(struct netlink *nl, struct place p)
{
    netlink_close(nl, p.data);
    netlink_close(nl, p.element);
}

static void rule(struct netlink *nl, uint32_t interface)
{
    begin(nl, NFT_MSG_NEWRULE, NLM_F_ACK | NLM_F_CREATE | NLM_F_APPEND);
    netlink_put_text(nl, NFTA_RULE_TABLE, TABLE);
    netlink_put_text(nl, NFTA_RULE_CHAIN, CHAIN);
    size_t list = netlink_open(nl, NFTA_RULE_EXPRESSIONS);
    struct place p = expression_open(nl, "meta");

    netlink_put_u32(nl, NFTA_META_KEY, htonl(NFT_META_OIF));
    netlink_put_u32(nl, NFTA_META_DREG, htonl(NFT_REG_1));
    expression_close(nl, p);
    p = expression_open(nl, "cmp");
    netlink_put_u32(nl, NFTA_CMP_SREG, htonl(NFT_REG_1));
    netlink_put_u32(nl, NFTA_CMP_OP, htonl(NFT_CMP_EQ));
    size_t value = netlink_open(nl, NFTA_CMP_DATA);

    netlink_put_u32(nl, NFTA_DATA_VALUE, interface); /* a register's value: as the CPU has it */
    netlink_close(nl, value);
    expression_close(nl, p);
    expression_close(nl, expression_open(nl, "masq"));
    netlink_close(nl, list);
}

int link_masquerade(const char *name)
{
    uint32_t interface = if_nametoindex(name);
    struct netlink nl;

    if (interface == 0) {
        return -1;
    }
    netlink_clear(&nl);
    batch(&nl, NFNL_MSG_BATCH_BEGIN);
    /* Made if absent, then removed, so that what follows begins with nothing. */
    begin(&nl, NFT_MSG_NEWTABLE, NLM_F_ACK | NLM_F_CREATE);
    netlink_put_text(&nl, NFTA_TABLE_NAME, TABLE);
    begin(&nl, NFT_MSG_DELTABLE, NLM_F_ACK);
    netlink_put_text(&nl, NFTA_TABLE_NAME, TABLE);
    begin(&nl, NFT_MSG_NEWTABLE, NLM_F_ACK | NLM_F_CREATE);
    netlink_put_text(&nl, NFTA_TABLE_NAME, TABLE);
    begin(&nl, NFT_MSG_NEWCHAIN, NLM_F_ACK | NLM_F_CREATE);
    netlink_put_text(&nl, NFTA_CHAIN_TABLE, TABLE);
    netlink_put_text(&nl, NFTA_CHAIN_NAME, CHAIN);
    size_t hook = netlink_open(&nl, NFTA_CHAIN_HOOK);

    netlink_put_u32(&nl, NFTA_HOOK_HOOKNUM, htonl(NF_INET_POST_ROUTING));
    netlink_put_u32(&nl, NFTA_HOOK_PRIORITY, htonl(PRIORITY_SOURCE_NAT));
    netlink_close(&nl, hook);
    netlink_put_text(&nl, NFTA_CHAIN_TYPE, "nat");
    rule(&nl, interface);
    batch(&nl, NFNL_MSG_BATCH_END);
    return netlink_send(&nl, NETLINK_NETFILTER);
}
