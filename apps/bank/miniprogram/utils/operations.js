/** The bank's operations: name after `eden.bank.` → method and path below `/v1`, where there is no gateway (gateway.toml). */
module.exports = {
  'identity.session.open': ['POST', '/session'],
  'identity.session.close': ['DELETE', '/session'],
  'identity.customer.get': ['GET', '/me'],
  'account.overview.get': ['GET', '/overview'],
  'account.transaction.list': ['GET', '/transactions'],
  'account.transaction.get': ['GET', '/transactions/{id}'],
  'account.bill.get': ['GET', '/bills/{month}'],
  'payment.payee.list': ['GET', '/payees'],
  'payment.payee.add': ['POST', '/payees'],
  'payment.transfer.create': ['POST', '/transfers'],
  'message.box.list': ['GET', '/messages'],
  'message.box.get': ['GET', '/messages/{id}'],
  'message.box.read': ['POST', '/messages/{id}/read'],
  'message.box.remove': ['DELETE', '/messages/{id}'],
  'credit.product.get': ['GET', '/loan-products/{code}'],
  'credit.application.create': ['POST', '/loan-applications'],
}
