<%@ page language="java" contentType="text/html; charset=UTF-8" %>
<!DOCTYPE html>
<html lang="en">
<head><title>Zimbra</title></head>
<body>
<p>The lab's page in the place of modern.</p>
</body>
</html>
